import { dirname } from 'node:path'
import { assignmentRedactor, contentId, defined, redactArguments } from '../model/index.ts'
import type { Conditions } from './began-with.ts'
import { describeHost } from './host.ts'
import type { Manifest } from './manifest.ts'
import { gitRevision } from './revision.ts'
import { fulcrumVersion } from './version.ts'

/** A run that is about to start, as its caller describes it. */
export interface RunRequest {
  readonly sweep: { readonly name: string; readonly file: string; readonly text: string }
  /** Command line that repeats the run. */
  readonly command: readonly string[]
  /** Ids of the points to measure; absent for all. */
  readonly only?: readonly string[]
  /** SHA-256 of the files that affect results, by absolute path. */
  readonly files?: Manifest['files']
  readonly plan: Manifest['plan']
  readonly mix?: Manifest['mix'] | null
  /** Versions of the systems under test by name, where known. */
  readonly systems?: { readonly [system: string]: string }
}

/** Identifies a sweep file's content, so that a later `fulcrum run` finds its unfinished run. */
export function sweepContentId(text: string): string {
  return contentId({ sweepText: text })
}

/** Conditions under which a run of this sweep would start now. */
export async function presentConditions(sweepFile: string, files: Conditions['files']): Promise<Conditions> {
  const [fulcrum, git] = await Promise.all([fulcrumVersion(), gitRevision(dirname(sweepFile))])
  return { files, fulcrum, git }
}

/**
 * Gathers everything in a manifest except the run id: versions, git revision, host and the request, without secrets.
 */
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
    ...defined({ files: request.files }),
    host: describeHost(),
    ...defined({ only: request.only }),
    ...(request.mix ? { mix: request.mix } : {}),
    plan: request.plan,
  }
}
