/** Where a chart is drawn: as a file or without scripts, or by the page's script in the width that there is. */
export type Medium = 'file' | 'page'
