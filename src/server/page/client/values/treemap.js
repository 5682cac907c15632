/**
 * A squarified treemap: rectangles whose areas are sizes, as close to squares as can be. See Bruls,
 * Huizing and van Wijk, "Squarified Treemaps" (2000).
 * @module
 */

/**
 * @typedef {object} Rectangle
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

/**
 * Lays sizes out in a rectangle.
 * @param {readonly number[]} sizes The largest first; none is negative.
 * @param {Rectangle} area
 * @returns {Rectangle[]} One for each size, in their order. Together they fill the area.
 */
export function squarify(sizes, area) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= 0 || area.width <= 0 || area.height <= 0) {
    return sizes.map(() => ({ x: area.x, y: area.y, width: 0, height: 0 }));
  }
  const scale = area.width * area.height / total;
  const areas = sizes.map((size) => size * scale);
  /** @type {Rectangle[]} */
  const placed = [];
  let rest = area;
  for (let start = 0; start < areas.length;) {
    const end = rowEnd(areas, start, Math.min(rest.width, rest.height));
    const row = areas.slice(start, end);
    // The last row takes what rounding left.
    rest = placeRow(row, rest, placed, end === areas.length);
    start = end;
  }
  return placed;
}

/**
 * Where a row ends that is laid along the shorter side: before the one that would make it worse.
 * @param {readonly number[]} areas
 * @param {number} start
 * @param {number} side
 */
function rowEnd(areas, start, side) {
  let sum = 0;
  let best = Infinity;
  for (let end = start; end < areas.length; end++) {
    sum += areas[end];
    const worst = worstRatio(areas[start], areas[end], sum, side);
    if (worst > best) return end;
    best = worst;
  }
  return areas.length;
}

/**
 * The longest rectangle of a row, as length by width.
 * @param {number} largest
 * @param {number} smallest
 * @param {number} sum
 * @param {number} side
 */
function worstRatio(largest, smallest, sum, side) {
  if (smallest === 0) return sum === 0 ? 0 : Infinity;
  const square = side * side;
  return Math.max(square * largest / (sum * sum), sum * sum / (square * smallest));
}

/**
 * Places a row along the shorter side, and gives what is left.
 * @param {readonly number[]} row
 * @param {Rectangle} rest
 * @param {Rectangle[]} placed
 * @param {boolean} isLast
 * @returns {Rectangle}
 */
function placeRow(row, { x, y, width, height }, placed, isLast) {
  const sum = row.reduce((total, area) => total + area, 0);
  const isWide = width >= height;
  const side = isWide ? height : width;
  const most = isWide ? width : height;
  // A side that is left by rounding alone would make the row longer than its room.
  const depth = isLast || side === 0 ? most : Math.min(most, sum / side);
  let along = 0;
  for (const area of row) {
    const length = sum === 0 ? 0 : area / sum * side;
    placed.push(
      isWide
        ? { x, y: y + along, width: depth, height: length }
        : { x: x + along, y, width: length, height: depth },
    );
    along += length;
  }
  return isWide
    ? { x: x + depth, y, width: Math.max(0, width - depth), height }
    : { x, y: y + depth, width, height: Math.max(0, height - depth) };
}
