/** What E.dumpVariables() prints (2v29), and whose the JsVars in it are. */
import { childOf, readGraph, totalOf } from '../../../scripts/budget/graph';
import { divide } from '../../../scripts/budget/shares';

/** Reference, size, flags, name or value, links: as the interpreter writes them. */
const DUMP = [
  '1,1,16390,,2,3,4,5',
  // A global of the bundle: an object of a class that the bundle declared under another name.
  '2,1,1234,"a",10',
  '10,1,5,,11,12',
  '11,1,1234,"\\xFFpr",20',
  '12,2,1234,"x",13',
  '13,4,7,String "text, with ""',
  // A function with a parameter and its text.
  '3,1,1234,"f",30',
  '30,1,8,,31,32',
  '31,1,1234,"\\xFFt"',
  '32,1,1234,"\\xFFcod",33',
  '33,3,7,String "return 1"',
  // Nobody's.
  '4,1,1234,"timers",40',
  '40,2,5,',
  // The tool's own.
  '5,1,1234,"digitalWrite",50',
  '50,6,8,',
].map((line) => line.replace('"text, with ""', '"text, with \\""'));

const NAMES = {
  topLevel: new Map([
    ['a', { name: 'book', source: 'src/main.ts' }],
    ['f', { name: 'crc32', source: 'src/drivers/crc.ts' }],
  ]),
  properties: new Map<string, string>(),
};

describe('the graph of JsVars', () => {
  it('has names without quotes and marks as the interpreter holds them', () => {
    const graph = readGraph(DUMP);
    expect(graph.get(2)).toEqual({ ref: 2, size: 1, name: 'a', links: [10] });
    expect(graph.get(32)!.name).toBe('\xffcod');
    expect(childOf(graph, graph.get(30), '\xffcod')?.ref).toBe(33);
    expect(childOf(graph, graph.get(30), 'nothing')).toBeUndefined();
    expect(childOf(graph, undefined, 'x')).toBeUndefined();
  });

  it('takes a text for a value, whatever stands in it', () => {
    expect(readGraph(DUMP).get(13)).toEqual({ ref: 13, size: 4, name: undefined, links: [] });
  });

  it('counts every block once', () => {
    expect(totalOf(readGraph(DUMP))).toBe(27);
    expect(totalOf(readGraph([]))).toBe(0);
  });

  it.each(['', 'Uncaught Error', '1,2', 'a,1,2,,3'])('refuses the line %j', (line) => {
    expect(() => readGraph([line])).toThrow('not a line of E.dumpVariables()');
  });
});

describe('the shares', () => {
  const shares = divide(readGraph(DUMP), NAMES);
  const of = (source: string): { code: number; state: number } | undefined =>
    shares.bySource.find((share) => share.source === source);

  it('add up to all JsVars in use', () => {
    const sum = shares.bySource.reduce((total, { code, state }) => total + code + state, 0);
    expect(sum + shares.shim).toBe(shares.total);
    expect(shares.total).toBe(27);
  });

  it('give a function with its text and parameters to the source of its name, as code', () => {
    expect(of('src/drivers/crc.ts')).toMatchObject({ code: 7, state: 0 });
  });

  it('give an object with all that hangs on it to the source of its name, as state', () => {
    expect(of('src/main.ts')).toMatchObject({ code: 0, state: 9 });
    expect(shares.byName[0]).toEqual({ name: 'book', source: 'src/main.ts', size: 9 });
  });

  it('tell the tool and the interpreter apart', () => {
    expect(shares.shim).toBe(7);
    expect(of('(interpreter)')).toMatchObject({ state: 4 });
  });

  it('give an object to the source of its class, whoever holds it', () => {
    const lines = [
      '1,1,6,,2,3',
      '2,1,4,"C",20',
      '20,1,8,,21,22',
      '21,1,4,"\\xFFcod",23',
      '23,1,7,String "this.x=1"',
      '22,1,4,"prototype",24',
      '24,1,5,',
      '3,1,4,"a",30',
      '30,1,5,,31,33',
      '31,1,4,"__proto__",24',
      '33,1,4,"x",34',
      '34,5,7,String "12345"',
    ];
    const names = {
      topLevel: new Map([
        ['C', { name: 'Reader', source: 'src/reader.ts' }],
        ['a', { name: 'reader', source: 'src/main.ts' }],
      ]),
      properties: new Map<string, string>(),
    };
    const { bySource, total } = divide(readGraph(lines), names);
    const reader = bySource.find(({ source }) => source === 'src/reader.ts')!;
    // The instance, its prototype’s name and its text; the global that holds it stays with main.ts.
    expect(reader.state).toBeGreaterThanOrEqual(7);
    expect(bySource.find(({ source }) => source === 'src/main.ts')).toMatchObject({ code: 0, state: 1 });
    expect(bySource.reduce((sum, { code, state }) => sum + code + state, 0)).toBe(total);
  });
});
