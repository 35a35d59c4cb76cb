import { dirname } from 'node:path'
import { assignmentRedactor, contentId, redactArguments } from '../model/index.ts'
import type { Conditions } from './began-with.ts'
import { describeHost } from './host.ts'
import type { Manifest } from './manifest.ts'
import { gitRevision } from './revision.ts'
import { fulcrumVersion } from './version.ts'

/** What a run is about to do, as its caller knows it. */
export interface RunRequest {
  readonly sweep: { readonly name: string; readonly file: string; readonly text: string }
  /** Command line that repeats the run. */
  readonly command: readonly string[]
  /** Ids of the points that are measured; absent for all. */
  readonly only?: readonly string[]
  /** SHA-256 of the files that decide an outcome, by absolute path. */
  readonly files?: Manifest['files']
  readonly plan: Manifest['plan']
  readonly mix?: Manifest['mix'] | null
  /** Versions of the systems under test, by name, as far as they are known. */
  readonly systems?: { readonly [system: string]: string }
}

/** Identifies a sweep file's content, so that a later `fulcrum run` knows its unfinished run. */
export function sweepContentId(text: string): string {
  return contentId({ sweepText: text })
}

/** What a run of this sweep would rest on now. */
export async function presentConditions(sweepFile: string, files: Conditions['files']): Promise<Conditions> {
  const [fulcrum, git] = await Promise.all([fulcrumVersion(), gitRevision(dirname(sweepFile))])
  return { files, fulcrum, git }
}

/** Everything about a run but its id: versions, git revision, host, and what was asked, without secrets. */
export async function gatherManifest(
  request: RunRequest,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Omit<Manifest, 'runId' | 'createdAt'>> {
  const redact = assignmentRedactor(env)
  const [fulcrum, git] = await Promise.all([fulcrumVersion(), gitRevision(dirname(request.sweep.file))])
  return {
    schema: 1,
    sweep: request.sweep.name,
    sweepFile: request.sweep.file,
    sweepText: redact(request.sweep.text),
    sweepId: sweepContentId(request.sweep.text),
    command: redactArguments(request.command, redact),
    versions: { ...request.systems, fulcrum, node: process.versions.node },
    git,
    ...(request.files === undefined ? {} : { files: request.files }),
    host: describeHost(),
    ...(request.only === undefined ? {} : { only: request.only }),
    ...(request.mix ? { mix: request.mix } : {}),
    plan: request.plan,
  }
}
