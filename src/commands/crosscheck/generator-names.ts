/** The generators that Fulcrum ships; read for `--help`, without what a cross-check loads. */
export { generatorNames } from '../../generators/index.ts'
