/** Names of the formats, without loading the code that imports them. */
export { importFormats } from '../../generators/import/formats.ts'
