import { writeFile } from 'node:fs/promises'
import { FulcrumError, type Point } from '../../model/index.ts'
import { arrivalTimesMs } from '../arrivals.ts'
import { userCacheFolder } from '../cache.ts'
import type { Lexicon } from '../lexicon.ts'
import { loadLexicon } from '../lexicon-cache.ts'
import { requestsToSend } from '../programs/requests-to-send.ts'
import { comingRound, type PromptText, promptTextsOf } from '../prompt-texts.ts'

/**
 * Writes the prompts of a point as conversations of two messages. inference-perf sends the first, and asks for as many
 * tokens as it counts in the second.
 * @throws FulcrumError bad-input `generator-cannot` for answers that are too short to be asked for
 */
export async function writePrompts(point: Point, file: string, signal: AbortSignal): Promise<void> {
  const lexicon = await loadLexicon(point.deployment.model, userCacheFolder(process.env), signal)
  const prompts = comingRound(await promptTextsOf(point, signal), requestsToSend(point.load))
  // It does not send the first line.
  const lines = [...prompts.slice(0, 1), ...prompts].map(prompt => conversationLine(prompt, lexicon))
  await writeFile(file, lines.join(''))
}

function conversationLine({ text, outputTokens }: PromptText, { words, promptTokens }: Lexicon): string {
  const count = outputTokens - promptTokens
  if (count < 1) {
    throw new FulcrumError(
      'bad-input',
      'generator-cannot',
      `inference-perf cannot ask for ${outputTokens} output tokens: it counts ${promptTokens} for the special tokens alone.`,
      { remedy: 'Use a larger OSL or another generator.' },
    )
  }
  const answer = Array.from({ length: count }, () => words[0]).join(' ')
  const conversations = [
    { from: 'human', value: text },
    { from: 'gpt', value: answer },
  ]
  return `${JSON.stringify({ conversations })}\n`
}

/**
 * Writes when the requests of an open loop are due, as Azure's public traces do. Their lengths are not used.
 * @returns the times in ms after the first one, as inference-perf reads them
 */
export async function writeSchedule({ load }: Point, file: string): Promise<Float64Array> {
  const { level, seed } = load
  if (level.kind !== 'rate') throw new TypeError('only an open loop has a schedule')
  const due = arrivalTimesMs(level, { requests: requestsToSend(load) }, seed)
  const [first = 0] = due
  const micros = due.map(at => Math.round((at - first) * 1000))
  const lines = Array.from(micros, at => `${timestamp(at)},1,1\n`)
  await writeFile(file, `TIMESTAMP,ContextTokens,GeneratedTokens\n${lines.join('')}`)
  return micros.map(at => at / 1000)
}

/** Microseconds after the beginning of 2000 as a time of day. */
function timestamp(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const day = new Date(Date.UTC(2000, 0, 1, 0, 0, seconds)).toISOString().slice(0, 19).replace('T', ' ')
  return `${day}.${String(micros - seconds * 1e6).padStart(6, '0')}`
}
