/** @file The MPI library of this system, without a compiler: its functions by koffi, its handles by what kind it is. */
import { refusedVariable, variable } from '../base/environment.node.ts';
import { ConfigError } from '../base/errors.ts';

/** A handle of MPI as a function takes it: a number, or an address. */
type Handle = number | bigint;

/** Which numbers and sizes a library has; what it is called is no guide. */
interface Kind {
  readonly name: string;
  /** C type of its handles. */
  readonly handle: 'int' | 'void *';
  readonly world: Handle;
  readonly byte: Handle;
}

/** What is called of MPI. Each gives an error code, of which the library's own handler ends the job before it comes back. */
export interface LibMpi {
  readonly kind: string;
  readonly file: string;
  init(): void;
  rank(): number;
  size(): number;
  /** Begin to send or receive; the bytes stay where they are until `test` says that it is done. */
  send(bytes: Uint8Array, to: number, tag: number): Request;
  receive(bytes: Uint8Array, from: number, tag: number): Request;
  test(request: Request): boolean;
  /** Ends all ranks. */
  abort(code: number): void;
  finalize(): void;
}

/** Room for a handle. */
export type Request = Uint8Array;

const KOFFI = 'koffi@3.3.4';

/** By the version of its interface; what a launcher of Open MPI started is looked for there first. */
const openMpi = ['libmpi.so.40', 'libmpi.so.80', 'libmpi.40.dylib', 'libmpi.dylib'];
const mpich = ['libmpi.so.12', 'libmpich.so.12', 'libmpi.12.dylib'];
const standard = ['libmpi_abi.so.1', 'libmpi_abi.so.0', 'libmpi_abi.so', 'libmpi_abi.dylib'];

/** Where PLANEWISE_MPI says nothing. */
function candidates(): string[] {
  const usual = process.env.OMPI_COMM_WORLD_SIZE ? [...openMpi, ...mpich] : [...mpich, ...openMpi];
  return [...standard, ...usual, 'libmpi.so'];
}

type Koffi = typeof import('koffi');
type Library = ReturnType<Koffi['load']>;

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default as unknown as Koffi;
  } catch (cause) {
    throw new ConfigError(
      `Training over MPI needs the package koffi, which calls the MPI library. Install it beside planewise: npm install ${KOFFI}`,
      { cause },
    );
  }
}

function loadLibrary(koffi: Koffi): readonly [file: string, library: Library] {
  const tried: string[] = [];
  const named = variable('PLANEWISE_MPI');
  for (const file of named === undefined ? candidates() : [named]) {
    try {
      return [file, koffi.load(file, { global: true })];
    } catch {
      tried.push(file);
    }
  }
  const needed = 'the file of the MPI library, that of the mpirun that started this, is needed';
  if (named !== undefined) throw new ConfigError(refusedVariable('PLANEWISE_MPI', named, needed));
  throw new ConfigError(
    `No MPI library was found (${tried.join(', ')}). Install one (Debian: apt-get install openmpi-bin libopenmpi3), or set PLANEWISE_MPI to its file, that of the mpirun that started this.`,
  );
}

function symbolOf(library: Library, name: string): bigint | null {
  try {
    return library.symbol(name) as bigint;
  } catch {
    return null;
  }
}

/** Open MPI's handles are addresses; MPICH and those of its interface have numbers; MPI 5's are fixed too, as wide as addresses. */
function kindOf(library: Library, file: string): Kind {
  const [world, byte] = ['ompi_mpi_comm_world', 'ompi_mpi_byte'].map((name) => symbolOf(library, name));
  if (file.includes('mpi_abi'))
    return { name: 'standard interface', handle: 'void *', world: 0x101n, byte: 0x247n };
  if (world && byte) return { name: 'Open MPI', handle: 'void *', world, byte };
  return { name: 'MPICH', handle: 'int', world: 0x44000000, byte: 0x4c00010d };
}

/** Room that stays where it is. */
const room = (bytes: number): Uint8Array => new Uint8Array(new ArrayBuffer(bytes));
const intIn = (bytes: Uint8Array): number => new Int32Array(bytes.buffer)[0]!;

/**
 * Loads the system's MPI library.
 * @throws ConfigError saying what to install where the package koffi or a library is missing
 */
export async function loadMpi(): Promise<LibMpi> {
  const [file, library] = loadLibrary(await loadKoffi());
  const { name: kind, handle, world, byte } = kindOf(library, file);
  const func = (name: string, parameters: string[]) => library.func(`MPI_${name}`, 'int', parameters);
  const init = func('Init', ['void *', 'void *']);
  const ask = {
    Comm_rank: func('Comm_rank', [handle, 'void *']),
    Comm_size: func('Comm_size', [handle, 'void *']),
  };
  const message = ['void *', 'int', handle, 'int', 'int', handle, 'void *'];
  const [isend, irecv] = [func('Isend', message), func('Irecv', message)];
  const test = func('Test', ['void *', 'void *', 'void *']);
  const abort = func('Abort', [handle, 'int']);
  const finalize = func('Finalize', []);
  const [number, status] = [room(8), room(256)];
  const told = (name: keyof typeof ask): number => {
    ask[name](world, number);
    return intIn(number);
  };
  const begin = (call: typeof isend, bytes: Uint8Array, peer: number, tag: number): Request => {
    const request = room(8);
    call(bytes, bytes.length, byte, peer, tag, world, request);
    return request;
  };
  return {
    ...{ kind, file },
    init: () => init(null, null),
    rank: () => told('Comm_rank'),
    size: () => told('Comm_size'),
    send: (bytes, to, tag) => begin(isend, bytes, to, tag),
    receive: (bytes, from, tag) => begin(irecv, bytes, from, tag),
    test(request) {
      test(request, number, status);
      return intIn(number) !== 0;
    },
    abort: (code) => abort(world, code),
    finalize: () => finalize(),
  };
}
