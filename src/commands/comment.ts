import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { FulcrumError, parsedJson } from '../model/index.ts'
import { commentBody, commentMarker, commentWithout } from '../render/markdown/comment.ts'
import { commitsOf } from '../render/views/commits.ts'

/** Links of a comment; absent if unknown. */
export interface CommentLinks {
  /** The artifact with the report. */
  readonly report?: string
  /** The run of the workflow or pipeline. */
  readonly run?: string
  /** The repository's page, such as https://github.com/owner/name. */
  readonly repository?: string
}

/** Request of `fulcrum comment`. */
export interface CommentRequest {
  /** A folder that `fulcrum compare --to` wrote. */
  readonly folder: string
  /** Distinguishes this comment from others of the pull request. Default: the sweep's name. */
  readonly key?: string
  readonly links: CommentLinks
}

/** A comment, and its first line, by which a later update finds it. */
export interface Comment {
  readonly marker: string
  readonly body: string
}

const run = z.object({
  sweep: z.string(),
  run: z.string(),
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullable(),
})
const comparisonFile = z.object({ base: run, head: run })

/**
 * `fulcrum comment`: renders a written comparison as a comment for a pull request.
 * @throws FulcrumError (bad-input) `no-comparison` for a folder without one, `bad-url` for an invalid address,
 *   `comment-too-long`
 */
export async function commentOn({ folder, key, links }: CommentRequest): Promise<Comment> {
  const [comparison, json] = await Promise.all([
    contentOf(folder, 'comparison.md'),
    contentOf(folder, 'comparison.json'),
  ])
  const parsed = comparisonFile.safeParse(parsedJson(json))
  if (!parsed.success) throw noComparison(folder, 'comparison.json was written by another version of Fulcrum')
  const { base, head } = parsed.data
  const repository = links.repository === undefined ? null : address('repository', links.repository)
  const named = key ?? head.sweep
  const body = commentBody({
    comparison,
    key: named,
    base,
    head,
    commits: repository === null ? null : commitsOf(repository),
    links: linksOf(links),
  })
  if (body !== null) return { marker: commentMarker(named), body }
  throw new FulcrumError(
    'bad-input',
    'comment-too-long',
    'The comment is longer than the 65,536 characters of GitHub.',
    {
      where: join(folder, 'comparison.md'),
      remedy: 'Write the comparison again with this version of Fulcrum, and give shorter links.',
    },
  )
}

/**
 * `fulcrum comment --without WHY`: the comment for a pull request without a comparison.
 * @throws FulcrumError (bad-input) `no-comment-key`, `bad-url`
 */
export function commentWithoutComparison(why: string, key: string | undefined, links: CommentLinks): Comment {
  if (key === undefined)
    throw new FulcrumError('bad-input', 'no-comment-key', 'A comment without a comparison needs a --key.', {
      remedy: 'Give the name of the sweep, which is the key of its comparisons.',
    })
  return { marker: commentMarker(key), body: commentWithout({ key, why, links: linksOf(links) }) }
}

const linksOf = (links: CommentLinks) => [
  ...(links.report === undefined ? [] : [['Report', address('report', links.report)] as const]),
  ...(links.run === undefined ? [] : [['Workflow run', address('run', links.run)] as const]),
]

/**
 * Checks an address that a page or a comment will link to.
 * @throws FulcrumError (bad-input, `bad-url`)
 */
export function address(option: string, text: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url.href
  throw new FulcrumError('bad-input', 'bad-url', `Invalid --${option}-url: ${JSON.stringify(text)}.`, {
    remedy: 'Use an address that begins with https:// or http://.',
  })
}

async function contentOf(folder: string, name: string): Promise<string> {
  return readFile(join(resolve(folder), name), 'utf8').catch(error => {
    throw noComparison(
      folder,
      `could not read ${name} (${error instanceof Error && 'code' in error ? error.code : error})`,
    )
  })
}

function noComparison(folder: string, why: string): FulcrumError {
  return new FulcrumError('bad-input', 'no-comparison', `${folder} has no comparison: ${why}.`, {
    where: folder,
    remedy:
      'Give the folder that fulcrum compare --to DIR wrote. With several heads, give one of the folders in it, and a --key for each.',
  })
}
