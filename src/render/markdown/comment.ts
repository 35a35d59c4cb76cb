import { markdownLimit } from './comparison.ts'

/** A run as a comment names it. */
export interface CommentedRun {
  readonly sweep: string
  readonly run: string
  readonly git: { readonly revision: string; readonly dirty: boolean } | null
}

/** What a comment on a pull request is made of. */
export interface CommentInput {
  /** comparison.md. */
  readonly comparison: string
  /** Tells this comment from others of the pull request. */
  readonly key: string
  readonly base: CommentedRun
  readonly head: CommentedRun
  /** Where a commit is shown, up to its revision; null where it is not known. */
  readonly commits: string | null
  /** Title and address. */
  readonly links: readonly (readonly [title: string, url: string])[]
}

/** Room that marker and links take of a comment. */
export const commentHead = 2_000

/**
 * The hidden first line of a comment, by which the next run finds it. Only letters, digits, dots and underscores, and
 * single hyphens between them: nothing that a shell, a jq program or an HTML comment would read.
 */
export function commentMarker(key: string): string {
  const safe = key
    .replace(/[^\w.]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100)
  return `<!-- fulcrum:comment:${safe === '' ? 'comparison' : safe} -->`
}

/**
 * The body of one comment that updates itself: the hidden marker, the comparison's headline, revisions and links, and
 * the comparison.
 * @returns null when it is longer than GitHub takes
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
 * The body of a comment where there is nothing to compare: the same marker, so that it replaces an earlier comparison,
 * which is of another revision.
 */
export function commentWithout({ key, why, links }: Pick<CommentInput, 'key' | 'links'> & { why: string }): string {
  const facts = links.map(([title, url]) => `[${title}](${inParentheses(url)})`).join(' · ')
  return [commentMarker(key), '## Fulcrum: ⚠️ no comparison', ...(facts === '' ? [] : [facts]), text(why)].join('\n\n')
}

/** Text from outside as one paragraph of plain text. */
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

/** An address that ends where Markdown's parentheses do. */
const inParentheses = (url: string) => url.replaceAll('(', '%28').replaceAll(')', '%29')
