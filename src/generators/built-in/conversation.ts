import type { RequestSet } from './request-set.ts'
import { requestBytes } from './request-set.ts'
import type { Session } from './sessions.ts'

/**
 * The request of a conversation's next turn: its new messages after all earlier ones of the session. The first turn has
 * no earlier ones. Built at the end of the think time, outside TTFT, which counts from the write.
 */
export function nextTurn(session: Session, set: RequestSet, index: number): Buffer {
  const request = requestBytes(set, index)
  const start = set.prompts[2 * index] ?? 0
  const end = set.prompts[2 * index + 1] ?? start
  const said = messagesIn(request.toString('utf8', start, end))
  if (index % set.turns === 0) {
    session.history = said
    return request
  }
  session.history = session.history === '' ? said : `${session.history},${said}`
  const bodyStart = request.indexOf('\r\n\r\n') + 4
  const before = request.toString('utf8', bodyStart, start)
  const body = `${before}[${session.history}]${request.toString('utf8', end)}`
  const head = request.toString('latin1', 0, set.headLength)
  return Buffer.from(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** Appends the answer to the conversation. */
export function remember(session: Session, answer: string): void {
  session.history += `,${JSON.stringify({ role: 'assistant', content: answer })}`
}

/** The messages of a prompt without their brackets. A bare string is a message from the user. */
function messagesIn(json: string): string {
  return json.startsWith('[') ? json.slice(1, -1) : `{"role":"user","content":${json}}`
}
