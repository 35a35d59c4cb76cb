/** Environment of every Python load generator: plain lines of full width, and no proxy between it and the server. */
export const programEnvironment: { readonly [name: string]: string } = {
  COLUMNS: '400',
  NO_COLOR: '1',
  TERM: 'dumb',
  PYTHONUNBUFFERED: '1',
  NO_PROXY: '*',
  no_proxy: '*',
}
