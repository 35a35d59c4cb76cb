import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRight } from '../../src/quality/grade.ts'
import { questionsSha256, readQuestions } from '../../src/quality/questions.ts'

const one = (row: object) => {
  const { questions, problems } = readQuestions(JSON.stringify(row))
  assert.deepEqual(problems, [])
  const [question] = questions
  assert.ok(question)
  return question
}

test('every line that is no question is told with its number, and the others are read', () => {
  const { questions, problems } = readQuestions(
    [
      '{"question": "2 + 2?", "answer": "4"}',
      'no JSON',
      '',
      '{"question": "2 + 2?"}',
      '{"question": "x", "answer": "y", "anwser": "z"}',
      '{"question": "x", "pattern": "("}',
      '{"id": "a", "question": "x", "answer": 4}',
      '{"id": "a", "question": "y", "answer": "5"}',
    ].join('\n'),
  )
  assert.deepEqual(
    problems.map(({ line, wrong }) => `${line}: ${wrong}`),
    [
      '2: the line is not JSON',
      '4: the question must have either answer or pattern',
      "5: the question has the unknown field 'anwser'",
      '6: the question has a pattern that is not a regular expression',
      '8: the id "a" is already on line 7',
    ],
  )
  assert.equal(questions[0]?.id, 'line 1')
})

test('a file without a question is refused', () => {
  assert.match(readQuestions('\n').problems[0]?.wrong ?? '', /no question/)
})

test('an exact answer is the whole answer, white space apart; a pattern is found in it', () => {
  const exact = one({ question: 'q', answer: ['42', 'forty two'] })
  assert.deepEqual(
    ['42', ' 42\n', 'forty  two', '421', 'It is 42'].map(said => isRight(said, exact)),
    [true, true, true, false, false],
  )
  const pattern = one({ question: 'q', pattern: '\\bparis\\b', ignore_case: true })
  assert.deepEqual(
    ['It is Paris.', 'parisian'].map(said => isRight(said, pattern)),
    [true, false],
  )
})

test('what is thought aloud is no part of the answer', () => {
  assert.ok(!isRight('<think>42 or 43?</think> 43', one({ question: 'q', pattern: '42' })))
  assert.ok(isRight('<think>43?</think>\n42', one({ question: 'q', answer: '42' })))
})

test('reading never throws, whatever the file holds', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void readQuestions(text)))
  fc.assert(fc.property(fc.json(), text => void readQuestions(text)))
})

test('the fingerprint follows what is asked and what is right, not how the file is written', () => {
  const hash = (text: string) => questionsSha256(readQuestions(text).questions)
  assert.equal(hash('{"question":"a","answer":"b"}'), hash('\n{ "answer": "b", "question": "a", "id": "x" }\n'))
  assert.notEqual(hash('{"question":"a","answer":"b"}'), hash('{"question":"a","answer":"c"}'))
})
