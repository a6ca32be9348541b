import { memoryStore } from '../helpers/memory-store.ts';
import { storeContract } from './contract.ts';

const store = memoryStore();
storeContract('memory', () => store);
