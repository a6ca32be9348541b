// A cleaning script as somebody's lab may have it: keeps the first images of each identity, and counts.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [from, to, most] = process.argv.slice(2);
const people = readdirSync(from).sort();
const counts = { identities: 0, images: 0, removed: 0 };
for (const [i, person] of people.entries()) {
  const images = readdirSync(join(from, person)).sort();
  const kept = images.slice(0, Number(most));
  mkdirSync(join(to, person), { recursive: true });
  for (const image of kept) cpSync(join(from, person, image), join(to, person, image));
  counts.identities += 1;
  counts.images += kept.length;
  counts.removed += images.length - kept.length;
  console.log(`::cemiflow progress phase=clean step=${i + 1} steps=${people.length}`);
}
writeFileSync('counts.json', JSON.stringify(counts));
