import { basename, dirname, relative } from 'node:path'
import type { Manifest } from './manifest.ts'

/** What decides a run's results besides the text of its sweep file. */
export interface Conditions {
  /** SHA-256 of every file whose content affects results, by absolute path. */
  readonly files: { readonly [path: string]: string }
  readonly fulcrum: string
  readonly git: Manifest['git']
}

/** Changes since a run began, a clause each. The run can resume if both lists are empty. */
export interface Changes {
  /** Files with different content: the sweep no longer has the points that the run has. */
  readonly files: readonly string[]
  /** Git revision and version of Fulcrum: the points are the same, but their measurements may differ. */
  readonly revision: readonly string[]
}

/**
 * Compares the conditions at a run's start with the present ones. Values missing from manifests of older versions count
 * as unchanged.
 */
export function changesSince(manifest: Manifest, now: Conditions): Changes {
  return { files: changedFiles(manifest, now), revision: changedRevision(manifest, now) }
}

function changedFiles({ files: before, sweepFile }: Manifest, { files: after }: Conditions): readonly string[] {
  if (before === undefined) return []
  const hashes = (files: { readonly [path: string]: string }) => Object.values(files).sort().join()
  // The same content in another checkout is not a change.
  if (hashes(before) === hashes(after)) return []
  const shown = (path: string) => {
    const short = relative(dirname(sweepFile), path)
    return short.startsWith('..') ? path : short || basename(path)
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap(path => {
    const [was, is] = [before[path], after[path]]
    if (was === is) return []
    if (is === undefined) return [`${shown(path)} is gone`]
    return was === undefined
      ? [`${shown(path)} is new`]
      : [`${shown(path)} has other content (SHA-256 ${was.slice(0, 8)} → ${is.slice(0, 8)})`]
  })
}

function changedRevision({ versions, git: before }: Manifest, { fulcrum, git: after }: Conditions): readonly string[] {
  const version = versions.fulcrum === fulcrum ? [] : [`Fulcrum is ${fulcrum} and was ${versions.fulcrum}`]
  // Outside a repository, or if git fails, the revision cannot be compared.
  if (before === null || after === null) return version
  const short = (revision: string) => revision.slice(0, 12)
  if (before.revision !== after.revision)
    return [...version, `the git revision is ${short(after.revision)} and was ${short(before.revision)}`]
  if (before.dirty !== after.dirty)
    return [...version, after.dirty ? 'files in git were changed' : 'changes of files in git were undone']
  const known = before.changes !== undefined && after.changes !== undefined
  return known && before.changes !== after.changes ? [...version, 'files in git were changed further'] : version
}
