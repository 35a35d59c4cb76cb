import type { Crumb } from '../render/html/crumbs.ts'

/** Builds the expensive pages. Each page is complete, including its breadcrumbs. */
export interface Pages {
  report(folder: string, trail: readonly Crumb[]): Promise<string>
  comparison(base: string, head: string, trail: readonly Crumb[]): Promise<string>
  /** An overlay of several runs, each with the path of its own page. */
  overlay(runs: readonly { readonly folder: string; readonly link: string }[], trail: readonly Crumb[]): Promise<string>
  /** History of a sweep, by the name of its folder. */
  history(sweepFolder: string, trail: readonly Crumb[]): Promise<string>
  /** The rows of points.csv as JSON. */
  points(folder: string): Promise<string>
  /** What `fulcrum compare --json` prints. */
  comparisonJson(base: string, head: string): Promise<string>
}
