import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsText } from '../../src/render/terminal/problems.ts'

test('a reason is told once, with the points that it is of', () => {
  const problems = ['a', 'b', 'c'].map(point => ({ point, reason: point === 'b' ? 'late' : 'gone' }))
  assert.equal(problemsText(problems), '  2 points: gone\n    a\n    c\n  1 point: late\n    b')
})

test('of many points some are named, and a long reason is cut', () => {
  const problems = Array.from({ length: 50 }, (_, i) => ({ point: `p${i}`, reason: 'word '.repeat(1000) }))
  const lines = problemsText(problems).split('\n')
  assert.ok(lines.length < 20)
  assert.equal(lines.at(-1), '    and 44 more')
  assert.ok(lines.every(line => line.length <= 80))
})
