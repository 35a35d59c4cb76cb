/** The configuration of VitePress, which `build.ts` hands what it found in docs/. Imports nothing of VitePress. */
import { anchorOf, type SidebarGroup, targetOf } from './pages.ts'

/** What the site is built from. */
export interface SiteContents {
  /** Sources of the pages, by their place on the site. */
  readonly sources: { readonly [staged: string]: string }
  readonly sidebar: readonly SidebarGroup[]
  /** Path of the site on its host, such as `/fulcrum/`. */
  readonly base: string
  readonly outDir: string
  /** The repository's page on GitHub; null when unknown: links to other files become text. */
  readonly repository: string | null
  /** Branch or commit that links to files of the repository name. */
  readonly revision: string
}

/** The part of a markdown-it token that is looked at. */
interface Token {
  type: string
  content: string
  readonly children: Token[] | null
  attrGet(name: string): string | null
  attrSet(name: string, value: string): void
}

interface MarkdownIt {
  readonly core: {
    readonly ruler: {
      push(
        name: string,
        rule: (state: { readonly tokens: Token[]; readonly env: { readonly relativePath?: string } }) => void,
      ): void
    }
  }
}

export const siteConfig = (site: SiteContents) => ({
  title: 'Fulcrum',
  description: 'Finds the balance between prefill and decode in an LLM deployment served by NVIDIA Dynamo.',
  lang: 'en',
  base: site.base,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${site.base}icon.svg` }]],
  srcDir: 'pages',
  outDir: site.outDir,
  // The search index is one file, loaded by who searches.
  vite: { build: { chunkSizeWarningLimit: 3000 } },
  markdown: {
    anchor: { slugify: anchorOf },
    config: (md: MarkdownIt) => md.core.ruler.push('links', ({ tokens, env }) => leadOn(tokens, env, site)),
  },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local', options: { detailedView: true } },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'All pages', link: '/contents' },
      { text: 'Changelog', link: '/project/changelog' },
    ],
    sidebar: site.sidebar,
    ...(site.repository === null
      ? {}
      : { socialLinks: [{ icon: 'github', link: site.repository, ariaLabel: 'Repository' }] }),
  },
})

/** Points the links of a page to where they lead on the site. */
function leadOn(tokens: readonly Token[], { relativePath = '' }: { relativePath?: string }, site: SiteContents): void {
  const from = site.sources[relativePath]
  if (from === undefined) return
  const sources = new Set(Object.values(site.sources))
  for (const { children } of tokens) {
    // Links don't nest: the next end is that of the last beginning.
    let endOfDropped = false
    for (const token of children ?? []) {
      if (token.type === 'link_close' && endOfDropped) {
        hide(token)
        endOfDropped = false
      }
      const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : null
      if (name === null) continue
      const target = targetOf(from, token.attrGet(name) ?? '', sources)
      if (target.kind === 'inside') token.attrSet(name, target.href)
      if (target.kind !== 'repository') continue
      if (site.repository !== null)
        token.attrSet(name, `${site.repository}/blob/${site.revision}/${target.path}${target.anchor}`)
      else if (token.type === 'link_open') {
        hide(token)
        endOfDropped = true
      }
    }
  }
}

/** A link that leads nowhere on the site becomes its words. */
function hide(token: Token): void {
  token.type = 'text'
  token.content = ''
}
