import type { Crumb } from '../../render/html/crumbs.ts'

/** A page to make in a worker thread. */
export type PageRequest =
  | { readonly page: 'points'; readonly folder: string }
  | { readonly page: 'comparison-json'; readonly base: string; readonly head: string }
  | PageWithTrail

/** A page for people, with its breadcrumbs. */
type PageWithTrail = { readonly trail: readonly Crumb[] } & (
  | { readonly page: 'report'; readonly folder: string }
  | { readonly page: 'comparison'; readonly base: string; readonly head: string }
  | {
      readonly page: 'overlay'
      readonly runs: readonly { readonly folder: string; readonly link: string }[]
    }
  | { readonly page: 'history'; readonly resultsRoot: string; readonly sweep: string; readonly commits: string | null }
)

/** The page, or the error as data, because an error loses its class between threads. */
export type PageResult =
  | { readonly html: string }
  | {
      readonly problem: {
        readonly kind: 'bad-input' | 'environment' | 'failed'
        readonly code: string
        readonly message: string
        readonly where?: string
        readonly remedy?: string
      }
    }
