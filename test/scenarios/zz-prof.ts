import { runSeeds } from './seeds.ts';
const t = performance.now();
const r = runSeeds(Number(process.argv[2]), Number(process.argv[3]));
console.log(r.faults.join('\n'), JSON.stringify(r.counts), Math.round(performance.now() - t), process.cpuUsage().user/1e6);
