import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { structureFiles } from '../../scripts/structure/files.ts'
import { draw } from '../../scripts/structure/picture.ts'
import { importsOfFiles, importsOfRooms, rooms } from '../../scripts/structure/rooms.ts'

const root = join(import.meta.dirname, '../..')

for (const { file, write } of structureFiles) {
  test(`${file} shows the rooms and imports that the sources have`, async () => {
    const committed = await readFile(join(root, file), 'utf8')
    assert.ok(committed === (await write(committed)), `${file} is out of date. Run: npm run docs:structure`)
  })
}

test('every arrow goes down, and boxes do not overlap', async () => {
  const { boxes, arrows, width, height } = draw(rooms, importsOfRooms(await importsOfFiles()))
  for (const { from, to, points } of arrows) {
    const heights = points.map(({ y }) => y)
    assert.deepEqual(
      heights,
      heights.toSorted((a, b) => a - b),
      `${from} → ${to}`,
    )
  }
  for (const [index, a] of boxes.entries()) {
    assert.ok(a.x - a.width / 2 >= 0 && a.x + a.width / 2 <= width && a.y + a.height / 2 <= height, a.name)
    for (const b of boxes.slice(index + 1)) {
      const isApart = Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2
      assert.ok(isApart, `${a.name} overlaps ${b.name}`)
    }
  }
})
