import { markdownLimit } from './comparison.ts'

/** A run as shown in a comment. */
export interface CommentedRun {
  readonly sweep: string
  readonly run: string
  readonly git: { readonly revision: string; readonly dirty: boolean } | null
}

/** Input of a comment on a pull request. */
export interface CommentInput {
  /** comparison.md. */
  readonly comparison: string
  /** Distinguishes this comment from others on the pull request. */
  readonly key: string
  readonly base: CommentedRun
  readonly head: CommentedRun
  /** Base address of commits; null if it is unknown. */
  readonly commits: string | null
  /** Title and address. */
  readonly links: readonly (readonly [title: string, url: string])[]
}

/** Space reserved for marker and links. */
export const commentHead = 2_000

/**
 * The hidden first line of a comment, by which the next run finds the comment. It contains only letters, digits, dots,
 * underscores and single hyphens, which have no meaning in shells, jq and HTML comments.
 */
export function commentMarker(key: string): string {
  const safe = key
    .replace(/[^\w.]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100)
  return `<!-- fulcrum:comment:${safe === '' ? 'comparison' : safe} -->`
}

/**
 * The body of a comment that later runs replace: the hidden marker, the headline, revisions and links, and the
 * comparison.
 * @returns null if it exceeds GitHub's limit
 */
export function commentBody({ comparison, key, base, head, commits, links }: CommentInput): string | null {
  const [headline = '', ...rest] = comparison.split('\n\n')
  const facts = [
    `Base ${revision(base, commits)}`,
    `head ${revision(head, commits)}`,
    ...links.map(([title, url]) => `[${title}](${inParentheses(url)})`),
  ]
  const body = [commentMarker(key), headline, facts.join(' · '), ...rest].join('\n\n')
  return body.length > markdownLimit ? null : body
}

/**
 * The body of a comment without a comparison. It has the same marker, so that it replaces the comparison of an earlier
 * revision.
 */
export function commentWithout({ key, why, links }: Pick<CommentInput, 'key' | 'links'> & { why: string }): string {
  const facts = links.map(([title, url]) => `[${title}](${inParentheses(url)})`).join(' · ')
  return [commentMarker(key), '## Fulcrum: ⚠️ no comparison', ...(facts === '' ? [] : [facts]), text(why)].join('\n\n')
}

/** Untrusted text as one paragraph of plain text. */
const text = (why: string) =>
  why
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, commentHead)
    .replace(/[\\`*_{}[\]<>#|~@!&]/g, character => `\\${character}`)

function revision({ run, git }: CommentedRun, commits: string | null): string {
  if (git === null) return `run \`${run.replaceAll('`', '')}\``
  const hex = git.revision.replace(/[^\w]/g, '')
  const short = `\`${hex.slice(0, 12)}\``
  const shown = commits === null ? short : `[${short}](${inParentheses(`${commits}${hex}`)})`
  return git.dirty ? `${shown} with uncommitted changes` : shown
}

/** An address without parentheses, which would end a Markdown link. */
const inParentheses = (url: string) => url.replaceAll('(', '%28').replaceAll(')', '%29')
