export { NumpyArray, numpyConstructors } from './constructors.ts';
export { type Pickled, type PickleOptions, readPickle } from './read.ts';
export { type Construction, type Constructor, type Constructors, Inert, PickleGlobal, Stateful } from './values.ts';
