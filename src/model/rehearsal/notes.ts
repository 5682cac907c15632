/**
 * Takes down what an operation would do while it is rehearsed.
 * @module
 */
import type { FileConflict } from "../../archive/places/verdicts.ts";
import type { Digest } from "../../core/digest.ts";
import { type Disk, diskOf } from "../../core/folders/room.ts";
import { children, type ManifestDocument } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media_types.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { contentName } from "../stores.ts";
import type { OperationPlan, PlannedPlace, PlannedStep, StepAction } from "./plan.ts";

/** A place while it is noted what goes there. */
export interface NotedPlace extends Pick<PlannedPlace, "kind" | "name"> {
  /** Folder on the disk that is written to. */
  readonly folder?: string;
  /** Bytes needed on the disk. */
  needed: number;
  /** Bytes of these that are copies of files of this machine, which may share their blocks. */
  shareable: number;
}

/** What was noted. */
export class Notes {
  readonly #places: NotedPlace[] = [];
  readonly #steps = new Map<string, PlannedStep>();
  readonly #conflicts: FileConflict[] = [];
  readonly #names = new Map<Digest, string>();
  /** Contents in the order of the manifests: they move several at once, never in one order. */
  readonly #order = new Map<Digest, number>();

  /** The place that is noted for something to go to. */
  place(place: Pick<NotedPlace, "kind" | "name" | "folder">): NotedPlace {
    const known = this.#places.find(({ kind, name }) => kind === place.kind && name === place.name);
    if (known !== undefined) return known;
    const noted = { ...place, needed: 0, shareable: 0 };
    this.#places.push(noted);
    return noted;
  }

  /** Notes what happens to a content; what was noted of it first counts. */
  content(action: StepAction, { name: place }: NotedPlace, descriptor: Descriptor): void {
    const { digest, size, mediaType } = descriptor;
    const kind = isManifestType(mediaType) ? "manifest" : "blob";
    const name = contentName(descriptor);
    if (name !== undefined) this.#names.set(digest, name);
    this.#add(digest, { action, kind, name: "", place, size, digest });
  }

  /** Takes the names of what a manifest lists, and its order. */
  listed(document: ManifestDocument): void {
    for (const child of children(document)) {
      if (!this.#order.has(child.digest)) this.#order.set(child.digest, this.#order.size);
      const name = contentName(child);
      if (name !== undefined) this.#names.set(child.digest, name);
    }
  }

  /** Notes what happens to a tag or a file. */
  step(step: PlannedStep): void {
    this.#add(step.name, step);
  }

  /** Notes what is in the way. */
  conflicts(conflicts: readonly FileConflict[]): void {
    for (const conflict of conflicts) this.#conflicts.push(conflict);
  }

  #add(id: string, step: PlannedStep): void {
    const key = JSON.stringify([step.place, step.kind, id]);
    if (!this.#steps.has(key)) this.#steps.set(key, step);
  }

  /** The steps, with the contents among them in the order of the manifests. */
  #ordered(): readonly PlannedStep[] {
    const steps = [...this.#steps.values()];
    const place = ({ digest }: PlannedStep) => this.#order.get(digest) ?? Infinity;
    const blobs = steps.filter(({ kind }) => kind === "blob")
      .sort((a, b) => place(a) < place(b) ? -1 : Number(place(a) > place(b))).values();
    return steps.map((step) => step.kind === "blob" ? blobs.next().value ?? step : step);
  }

  /** All that was noted. */
  plan(made: Pick<OperationPlan, "references" | "digest" | "warnings">): OperationPlan {
    const steps = this.#ordered().map((step) =>
      step.name === "" ? { ...step, name: this.#names.get(step.digest) ?? step.digest } : step
    );
    const places = plannedPlaces(this.#places, steps);
    const { references, digest, warnings } = made;
    return {
      dryRun: true,
      references,
      digest,
      bytesToMove: places.reduce((sum, { bytes }) => sum + bytes, 0),
      places,
      steps,
      conflicts: this.#conflicts,
      warnings,
    };
  }
}

/** The places with their disks: what goes to one disk counts together. */
function plannedPlaces(
  noted: readonly NotedPlace[],
  steps: readonly PlannedStep[],
): PlannedPlace[] {
  const disks = noted.map(({ folder }) => folder === undefined ? undefined : diskOf(folder));
  const certain = (place: NotedPlace, disk: Disk) =>
    disk.copiesTakeRoom ? place.needed : place.needed - place.shareable;
  return noted.map((place, index): PlannedPlace => {
    const { kind, name, folder, needed } = place;
    const moved = steps.filter((step) => step.place === name && isFor(kind, step) && moves(step));
    const bytes = moved.reduce((sum, { size }) => sum + size, 0);
    const disk = disks[index];
    if (folder === undefined || disk === undefined) return { kind, name, bytes };
    const together = noted.reduce((sum, other, at) => {
      const there = disks[at];
      const isSame = there !== undefined && (at === index || there.device === disk.device);
      return isSame ? sum + certain(other, there) : sum;
    }, 0);
    const short = disk.free !== undefined && together > disk.free;
    return { kind, name, bytes, disk: { path: folder, needed, free: disk.free, short } };
  });
}

/** Files go to folders, and everything else to stores. */
function isFor(place: PlannedPlace["kind"], { kind }: PlannedStep): boolean {
  return (place === "folder") === (kind === "file");
}

function moves({ action }: PlannedStep): boolean {
  return action === "create" || action === "replace" || action === "compare";
}
