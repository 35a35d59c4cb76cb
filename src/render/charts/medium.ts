/** Where a chart is drawn: in a file or a page without scripts, or by the page's script at the available width. */
export type Medium = 'file' | 'page'
