import { open } from 'node:fs/promises'
import type { LoadProgress } from '../generator.ts'

const marks = { measured: '"benchmark_phase":"profiling"', warm: '"benchmark_phase":"warmup"' }
/** Longer than a mark, so that a mark that is split between two reads is found. */
const overlap = 64

/** Follows AIPerf's growing record of requests. */
export function progressReader(file: string, requests: number | null) {
  let offset = 0
  let tail = ''
  let measured = 0
  let warm = 0
  return async (): Promise<LoadProgress> => {
    const text = await readFrom(file, offset)
    offset += text.length
    measured += count(tail, text, marks.measured)
    warm += count(tail, text, marks.warm)
    tail = (tail + text).slice(-overlap)
    const phase = measured > 0 ? 'measuring' : warm > 0 ? 'warm-up' : 'preparing'
    return { phase, done: measured, total: requests }
  }
}

/** Occurrences that end in the new text. */
function count(tail: string, text: string, mark: string): number {
  const kept = tail.slice(-(mark.length - 1))
  return `${kept}${text}`.split(mark).length - 1
}

async function readFrom(file: string, offset: number): Promise<string> {
  const handle = await open(file).catch(() => null)
  if (handle === null) return ''
  try {
    const { size } = await handle.stat()
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.max(0, size - offset)), { position: offset })
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
