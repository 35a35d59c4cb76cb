import { dirname } from 'node:path'
import { FulcrumError } from '../../src/model/index.ts'
import { sweepOf } from '../../src/spec/load-sweep.ts'
import type { Sweep } from '../../src/spec/sweep.ts'
import type { Files } from '../../src/yaml/files.ts'

/** A disk with just these files; content as written. */
export function filesOf(contents: { readonly [path: string]: string }): Files {
  const folders = new Set(Object.keys(contents).flatMap(path => [dirname(path), dirname(dirname(path))]))
  return {
    kind: path => (Object.hasOwn(contents, path) ? 'file' : folders.has(path) ? 'folder' : 'nothing'),
    text: path => contents[path] ?? '',
    fingerprint: path => `sha-of ${contents[path]}`,
    program: name => (name === 'python3' ? '/usr/bin/python3' : null),
  }
}

/** Reads a text as the sweep file /sweeps/s.yaml. */
export async function read(text: string, files: Files = filesOf({}), allowPoints?: number): Promise<Sweep> {
  const options = { files, ...(allowPoints === undefined ? {} : { allowPoints }) }
  return await sweepOf({ text, path: '/sweeps/s.yaml', shown: 's.yaml', options })
}

/** The problems of a text, a line each, without the file's name; empty when it is right. */
export async function problems(text: string, files?: Files, allowPoints?: number): Promise<readonly string[]> {
  try {
    await read(text, files, allowPoints)
    return []
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return error.message.split('\n').map(line => line.replace(/^s\.yaml:/, ''))
  }
}

/** A right sweep whose sections can be replaced. */
export function sweepText(sections: { readonly [section: string]: string } = {}): string {
  const all = {
    name: 'test',
    model: 'nvidia/DeepSeek-R1-FP4',
    deploy: '{ with: simulated }',
    topologies: '[1P1D, agg x2]',
    workloads: '[8000/256]',
    load: '{ concurrency: [1, 4] }',
    ...sections,
  }
  return Object.entries(all)
    .filter(([, text]) => text !== '')
    .map(([key, text]) => `${key}: ${text}\n`)
    .join('')
}

/** What is wrong with a sweep that is being read; empty when nothing is. */
export async function mistakes(reading: Promise<unknown>): Promise<string> {
  try {
    await reading
    return ''
  } catch (error) {
    if (error instanceof FulcrumError) return error.message
    throw error
  }
}
