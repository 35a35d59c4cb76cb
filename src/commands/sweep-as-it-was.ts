import { readFile } from 'node:fs/promises'
import { type Manifest, sweepContentId } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { sweepOf } from '../spec/load-sweep.ts'
import { isModuleSweep, moduleSweepText } from '../spec/module-sweep.ts'
import type { Sweep } from '../spec/sweep.ts'

/**
 * The sweep as the manifest keeps it. If the manifest's copy lacks a secret, reads the sweep file, which must be
 * unchanged. A module runs again only for a secret.
 * @throws FulcrumError (bad-input, `sweep-file-changed`)
 */
export async function sweepAsItWas(
  manifest: Pick<Manifest, 'sweepFile' | 'sweepId' | 'sweepText'> & { readonly plan: { readonly points: number } },
): Promise<Sweep> {
  const { sweepFile: path, sweepId, sweepText } = manifest
  const isIt = (candidate: string) => sweepContentId(candidate) === sweepId
  const text = isIt(sweepText) ? sweepText : await textOnDisk(path)
  if (!isIt(text)) {
    throw new FulcrumError(
      'bad-input',
      'sweep-file-changed',
      'The sweep file has changed since this run started. It contains a secret, so the run has no copy of it.',
      {
        where: path,
        remedy: 'Restore the file, or start a new run with `fulcrum run --new`.',
      },
    )
  }
  return sweepOf({ text, path, shown: path, options: { allowPoints: manifest.plan.points } })
}

/** The text of the sweep file or of the sweep that its module exports; empty if there is none. */
async function textOnDisk(path: string): Promise<string> {
  const read = isModuleSweep(path) ? moduleSweepText(path, path) : readFile(path, 'utf8')
  return read.catch(() => '')
}
