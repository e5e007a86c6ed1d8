// Knows nothing of hindcast: writes down what it was started with.
import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[2], JSON.stringify(process.env));
process.stdout.write('printed');
