import { readFile } from 'node:fs/promises'
import { FulcrumError } from '../../model/index.ts'
import { twinOfPlain } from './plain.ts'
import type { Twin } from './twin.ts'

/** Name of the twin file in the folder of its run. */
export const twinFile = 'twin.json'

/** Serializes a twin. Times keep six digits, more than any measurement has. */
export function twinText(twin: Twin): string {
  const number = (value: number) => Number(value.toPrecision(6))
  return `${JSON.stringify(
    twin,
    (_, value: unknown) =>
      value instanceof Float64Array ? Array.from(value, number) : typeof value === 'number' ? number(value) : value,
    1,
  ).replace(/\[\s+([\d.e+,\s-]+?)\s+\]/g, (_, numbers: string) => `[${numbers.replace(/\s+/g, '')}]`)}\n`
}

/**
 * Parses a twin.
 * @throws FulcrumError bad-input `twin-invalid`
 */
export function parseTwin(text: string, file: string): Twin {
  const invalid = (what: string) =>
    new FulcrumError('bad-input', 'twin-invalid', `Not a usable twin: ${what}`, {
      where: file,
      remedy: 'fulcrum twin fit RUN writes one',
    })
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw invalid('it is no JSON')
  }
  if (typeof read !== 'object' || read === null || !('schema' in read)) throw invalid('it has no schema')
  if (read.schema !== 1)
    throw invalid(`schema ${JSON.stringify(read.schema)} was written by another version of Fulcrum`)
  const twin = read as Twin
  if (twin.parameters === undefined || twin.profile?.tables === undefined || twin.errors === undefined)
    throw invalid('parameters, profile or errors are missing')
  return twinOfPlain(twin)
}

/**
 * Reads a twin that `fulcrum twin fit` wrote.
 * @throws FulcrumError bad-input `twin-unreadable`, `twin-invalid`
 */
export async function readTwin(file: string): Promise<Twin> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FulcrumError('bad-input', 'twin-unreadable', `Cannot read the twin ${file}.`, {
      where: file,
      remedy: 'Write one with `fulcrum twin fit RUN`; by default, it is twin.json in the run.',
      cause: error,
    })
  })
  return parseTwin(text, file)
}
