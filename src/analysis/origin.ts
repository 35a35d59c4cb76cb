import { parse } from 'yaml'
import { engineOfModule } from '../engines/index.ts'
import type { Manifest } from '../journal/manifest.ts'
import { isRecord } from '../model/index.ts'

/** System that answered the requests, and what a reader must know before trusting a figure. */
export interface Origin {
  /** `simulated`, `dynamo`, …; `not stated` if the text has none. */
  readonly deployer: string
  /** `profile gb200`, `backend dynamo.trtllm`, …; empty if there is nothing to add. */
  readonly about: string
  /** Null if real workers answered. */
  readonly notice: string | null
}

/** Reads the sweep file's text in the manifest. Without a statement in the text there is no notice. */
export function originOf(manifest: Manifest): Origin {
  const deploy = deploySection(manifest.sweepText)
  const text = (key: string) => (typeof deploy[key] === 'string' ? deploy[key] : '')
  const about = ['profile', 'backend', 'url']
    .flatMap(key => (text(key) === '' ? [] : [`${key} ${text(key)}`]))
    .join(', ')
  const deployer = text('with') || 'not stated'
  if (text('with') === 'simulated')
    return {
      deployer,
      about,
      notice: `Simulated: the embedded engine answered${about === '' ? '' : ` (${about})`}, no GPU.`,
    }
  if (!engineOfModule(text('backend')).usesGpus)
    return { deployer, about, notice: 'Simulated workers: a real Dynamo in front of its mocker, no GPU.' }
  return { deployer, about, notice: null }
}

function deploySection(sweepText: string): { readonly [key: string]: unknown } {
  try {
    const sweep: unknown = parse(sweepText)
    const deploy = isRecord(sweep) ? sweep.deploy : null
    return isRecord(deploy) ? deploy : {}
  } catch {
    return {}
  }
}
