import type { Question, RightAnswer } from './questions.ts'

/** Whether an answer is right. Reasoning before it (`<think>…</think>`) is not part of the answer. */
export function isRight(answer: string, { right }: Pick<Question, 'right'>): boolean {
  const said = answer.replace(/^\s*<think>[\s\S]*?<\/think>/, '')
  return right.kind === 'exact' ? isExactly(said, right) : new RegExp(right.pattern, flags(right)).test(said)
}

function isExactly(said: string, { answers, ignoreCase }: Extract<RightAnswer, { kind: 'exact' }>): boolean {
  const plain = (text: string) => {
    const tidy = text.normalize('NFC').trim().replace(/\s+/g, ' ')
    return ignoreCase ? tidy.toLowerCase() : tidy
  }
  return answers.some(answer => plain(answer) === plain(said))
}

const flags = ({ ignoreCase }: RightAnswer) => (ignoreCase ? 'iu' : 'u')
