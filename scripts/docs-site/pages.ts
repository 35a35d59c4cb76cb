/** Which pages the documentation site has, where they stand on it, and where their links lead. Pure functions. */
import { basename, dirname, join, relative } from 'node:path/posix'

/** A Markdown file of the repository that is a page of the site. */
export interface DocsPage {
  /** From the root of the repository, such as `docs/how-to/install.md`. */
  readonly source: string
  readonly text: string
}

/** An entry of the sidebar as VitePress takes it. */
export interface SidebarGroup {
  readonly text: string
  readonly collapsed: boolean
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

/** The index of docs/, whose order is the sidebar's. */
const contents = 'docs/README.md'

/** A group for each folder of docs/ that has one; another folder gets a group of its own name. */
const groups: readonly { readonly folder: string; readonly title: string }[] = [
  { folder: 'tutorial', title: 'Tutorial' },
  { folder: 'how-to', title: 'How-to guides' },
  { folder: 'reference', title: 'Reference' },
  { folder: 'explanation', title: 'Explanation' },
  { folder: 'bench', title: 'Benchmarks' },
  { folder: 'contributing', title: 'Contributing' },
]

/** Where pages belong that lie in no folder of docs/. */
const loose: { readonly [source: string]: string } = {
  'docs/tutorial.md': 'tutorial',
  'docs/glossary.md': 'reference',
  'docs/design.md': 'explanation',
  'docs/benchmarks.md': 'bench',
  'docs/style.md': 'contributing',
}

/** The page's place below the site, such as `how-to/install.md`: what it is in docs/, without the README files. */
export function stagedPath(source: string): string {
  if (source === 'README.md') return 'index.md'
  if (source === contents) return 'contents.md'
  if (!source.startsWith('docs/')) return `project/${source.toLowerCase().replaceAll('_', '-')}`
  return source.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md')
}

/** The first heading, as text. */
export function titleOf({ source, text }: DocsPage): string {
  const [, heading = basename(source, '.md')] = /^# +(.+?) *$/m.exec(text) ?? []
  return heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
}

/** The anchor that GitHub gives a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** The pages by purpose, in the order of docs/README.md; what it doesn't name follows by title. */
export function sidebarOf(pages: readonly DocsPage[]): readonly SidebarGroup[] {
  const index = pages.find(({ source }) => source === contents)?.text ?? ''
  const named = [...index.matchAll(/\]\(([^)#\s]+\.md)/g)].map(([, path = '']) => join('docs', path))
  const rank = ({ source }: DocsPage) => {
    const at = named.indexOf(source)
    return at === -1 ? named.length : at
  }
  const byFolder = Map.groupBy(
    pages.filter(({ source }) => source !== 'README.md' && source !== contents),
    folderOf,
  )
  const known = groups.filter(({ folder }) => byFolder.has(folder))
  const others = [...byFolder.keys()].filter(folder => !groups.some(group => group.folder === folder)).sort()
  return [...known, ...others.map(folder => ({ folder, title: capitalized(folder) }))].map(({ folder, title }) => ({
    text: title,
    collapsed: folder === 'bench',
    items: (byFolder.get(folder) ?? [])
      .toSorted((a, b) => rank(a) - rank(b) || titleOf(a).localeCompare(titleOf(b), 'en'))
      .map(page => ({ text: titleOf(page), link: `/${stagedPath(page.source).replace(/index\.md$/, '')}` })),
  }))
}

function folderOf({ source }: DocsPage): string {
  if (!source.startsWith('docs/')) return 'contributing'
  const [folder = '', ...rest] = source.slice('docs/'.length).split('/')
  return rest.length > 0 ? folder : (loose[source] ?? 'more')
}

const capitalized = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** What a link or an image of a page leads to. */
export type Target =
  /** As written: another site, or a heading of the same page. */
  | { readonly kind: 'as-written' }
  /** A page of the site, or a file of docs/ that it has too; relative to the page. */
  | { readonly kind: 'inside'; readonly href: string; readonly file: string | null }
  /** A file or folder of the repository that the site doesn't have, from the repository's root. */
  | { readonly kind: 'repository'; readonly path: string; readonly anchor: string }

/**
 * Where a link leads that works in the repository.
 * @param from the page's source
 * @param sources all pages of the site, by source
 */
export function targetOf(from: string, written: string, sources: ReadonlySet<string>): Target {
  if (/^([a-z][a-z+.-]*:|#|\/\/)/i.test(written)) return { kind: 'as-written' }
  const [path = '', fragment] = written.split('#')
  const anchor = fragment === undefined ? '' : `#${fragment}`
  const found = join(path.startsWith('/') ? '' : dirname(from), decodeURIComponent(path)).replace(/^\/|\/$/g, '')
  const page = [found, join(found, 'README.md')].find(candidate => sources.has(candidate))
  const base = dirname(stagedPath(from))
  const inside = (staged: string) => relative(base, staged).replace(/^(?!\.)/, './')
  if (page !== undefined) return { kind: 'inside', href: `${inside(stagedPath(page))}${anchor}`, file: null }
  if (found.startsWith('docs/') && /\.[a-z]+$/.test(found))
    return { kind: 'inside', href: `${inside(found.slice('docs/'.length))}${anchor}`, file: found }
  return { kind: 'repository', path: found, anchor }
}
