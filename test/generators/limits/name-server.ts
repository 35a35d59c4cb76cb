import { createSocket } from 'node:dgram'

const headerLength = 12
const questionEnd = 5
const typeA = 1

/** A name server in this process: every name is 127.0.0.1. */
export interface NameServer extends AsyncDisposable {
  /** Questions heard so far. */
  questions(): number
}

/** Serves on 127.0.0.1:53, which must be free; answers so many ms late, or never. */
export async function nameServer(delayMs: number | null): Promise<NameServer> {
  const socket = createSocket('udp4')
  let questions = 0
  socket.on('message', (question, { port, address }) => {
    questions += 1
    if (delayMs !== null) setTimeout(() => socket.send(answerTo(question), port, address), delayMs)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(53, '127.0.0.1', resolve)
  })
  return {
    questions: () => questions,
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => socket.close(resolve)),
  }
}

/** RFC 1035, section 4: the question again, and one address where an IPv4 address was asked for. */
function answerTo(question: Buffer): Buffer {
  const end = question.indexOf(0, headerLength) + questionEnd
  const asked = question.readUInt16BE(end - 4)
  const header = Buffer.from(question.subarray(0, headerLength))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(asked === typeA ? 1 : 0, 6)
  header.fill(0, 8)
  // The name by a pointer to the question's, type A, class IN, a life of 0 s so that nobody keeps it, four bytes.
  const record = Buffer.from('c00c000100010000000000047f000001', 'hex')
  return Buffer.concat([header, question.subarray(headerLength, end), ...(asked === typeA ? [record] : [])])
}
