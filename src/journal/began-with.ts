import { basename, dirname, relative } from 'node:path'
import type { Manifest } from './manifest.ts'

/** What a run rests on besides its sweep file's text. */
export interface Conditions {
  /** SHA-256 of every file whose content decides an outcome, by absolute path. */
  readonly files: { readonly [path: string]: string }
  readonly fulcrum: string
  readonly git: Manifest['git']
}

/** How what a run rests on has changed since it began, a clause each; both empty when it can go on. */
export interface Changes {
  /** Files with other content: the run's points are not those of the sweep any more. */
  readonly files: readonly string[]
  /** Revision and version: the points are the same, and what is measured may not be. */
  readonly revision: readonly string[]
}

/** Compares a run's beginning with now. What a manifest doesn't say (those of older versions) counts as unchanged. */
export function changesSince(manifest: Manifest, now: Conditions): Changes {
  return { files: changedFiles(manifest, now), revision: changedRevision(manifest, now) }
}

function changedFiles({ files: before, sweepFile }: Manifest, { files: after }: Conditions): readonly string[] {
  if (before === undefined) return []
  const hashes = (files: { readonly [path: string]: string }) => Object.values(files).sort().join()
  // The same content in another checkout is no change.
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
  // A folder outside of git, or a git that didn't answer, says nothing.
  if (before === null || after === null) return version
  const short = (revision: string) => revision.slice(0, 12)
  if (before.revision !== after.revision)
    return [...version, `the git revision is ${short(after.revision)} and was ${short(before.revision)}`]
  if (before.dirty !== after.dirty)
    return [...version, after.dirty ? 'files in git were changed' : 'changes of files in git were undone']
  const known = before.changes !== undefined && after.changes !== undefined
  return known && before.changes !== after.changes ? [...version, 'files in git were changed further'] : version
}
