import assert from "node:assert/strict";
import fc from "fast-check";
import { squarify } from "../../../src/server/page/client/values/treemap.js";

const AREA = { x: 10, y: 20, width: 600, height: 400 };

const sizes = fc.array(fc.nat({ max: 1e12 }), { maxLength: 60 })
  .map((list) => list.sort((a, b) => b - a));

Deno.test("the example of the paper is laid out as the paper has it", () => {
  const tiles = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  const rounded = tiles.map(({ x, y, width, height }) =>
    [x, y, width, height].map((value) => Math.round(value * 100) / 100)
  );
  assert.deepEqual(rounded.slice(0, 4), [[0, 0, 3, 2], [0, 2, 3, 2], [3, 0, 1.71, 2.33], [
    4.71,
    0,
    1.29,
    2.33,
  ]]);
});

Deno.test("every rectangle has the area of its size, and all of them fill the frame", () => {
  fc.assert(fc.property(sizes, (list) => {
    const total = list.reduce((sum, size) => sum + size, 0);
    const tiles = squarify(list, AREA);
    assert.equal(tiles.length, list.length);
    for (const [index, { width, height }] of tiles.entries()) {
      const want = total === 0 ? 0 : list[index]! / total * AREA.width * AREA.height;
      assert.ok(Math.abs(width * height - want) < 0.5, `${width * height} for ${want}`);
    }
  }));
});

Deno.test("rectangles lie in the frame and do not overlap", () => {
  fc.assert(fc.property(sizes, (list) => {
    const tiles = squarify(list, AREA);
    for (const [index, tile] of tiles.entries()) {
      assert.ok(tile.x >= AREA.x - 1e-6 && tile.y >= AREA.y - 1e-6);
      assert.ok(tile.x + tile.width <= AREA.x + AREA.width + 1e-6);
      assert.ok(tile.y + tile.height <= AREA.y + AREA.height + 1e-6);
      for (const other of tiles.slice(index + 1)) {
        const wide = Math.min(tile.x + tile.width, other.x + other.width) -
          Math.max(tile.x, other.x);
        const high = Math.min(tile.y + tile.height, other.y + other.height) -
          Math.max(tile.y, other.y);
        assert.ok(wide < 1e-6 || high < 1e-6, "two rectangles overlap");
      }
    }
  }));
});

Deno.test("nothing to lay out, and no room for it, are rectangles without an area", () => {
  assert.deepEqual(squarify([], AREA), []);
  const nothing = { x: 10, y: 20, width: 0, height: 0 };
  assert.deepEqual(squarify([0, 0], AREA), [nothing, nothing]);
  assert.deepEqual(squarify([5], { ...AREA, width: 0 }), [nothing]);
});
