/** Sources that the capacity page's script includes; see `loadPageModule`. */
export { capacitySections } from '../../html/capacity-sections.ts'
export { planned } from '../../views/capacity-planner.ts'
export { askedFor, headline } from '../../views/capacity-words.ts'
export { capacityCsv } from './csv.ts'
export { commandOfForm, formFields, formOf, questionOfForm, weightsOf } from './form.ts'
