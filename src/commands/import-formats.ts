/** What can be imported, without loading what imports it. */
export { importFormats } from '../generators/import/formats.ts'
