export { photoSet as estimate } from '../../core/estimate.ts';
