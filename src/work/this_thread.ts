/**
 * The part that this thread takes in large work.
 *
 * Starting a worker takes 50 ms of the processor, as much as receiving and hashing 30 MiB, and a
 * thread that waits for the others is one that they could do without. So a program that has nothing
 * else to do is its own first worker; one that answers others, or belongs to somebody else, has all
 * large work done elsewhere.
 * @module
 */

let takers = 0;
let tasks = 0;

/** Has this thread take part until this is disposed of. */
export function takePart(): Disposable {
  takers++;
  return { [Symbol.dispose]: () => void takers-- };
}

/** Whether this thread takes part. */
export function takesPart(): boolean {
  return takers > 0;
}

/** Count of the large tasks that this thread has. */
export function tasksHere(): number {
  return tasks;
}

/** Counts a large task of this thread until this is disposed of. */
export function taskHere(): Disposable {
  tasks++;
  return { [Symbol.dispose]: () => void tasks-- };
}
