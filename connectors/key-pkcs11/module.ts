import { createRequire } from 'node:module';
import { GatewayError } from '../../src/domain/errors.ts';

type Handle = Buffer;
type Template = readonly { readonly type: number; readonly value?: number | boolean | Buffer }[];

/** The part of pkcs11js that is used. Written down here because the package is optional: where it was not built, its own types are missing too. */
export interface Pkcs11Module {
  load(path: string): void;
  C_Initialize(options: { readonly flags: number }): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string; readonly serialNumber: string; readonly manufacturerID: string; readonly model: string; readonly flags: number };
  C_GetMechanismList(slot: Handle): number[];
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_CloseAllSessions(slot: Handle): void;
  C_GetSessionInfo(session: Handle): { readonly state: number };
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Template): { readonly type: number; readonly value: Buffer }[];
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number; readonly parameter?: object }, key: Handle): void;
  C_SignAsync(session: Handle, input: Buffer, output: Buffer): Promise<Buffer>;
}

interface Pkcs11Package {
  readonly PKCS11: new () => Pkcs11Module;
  readonly CK_PARAMS_RSA_PSS: number;
}

export interface LoadedModule {
  readonly api: Pkcs11Module;
  /** How pkcs11js tells a CK_RSA_PKCS_PSS_PARAMS from the others. */
  readonly pssParameterType: number;
}

/** Whether pkcs11js is installed and can be loaded here. */
export function hasPkcs11(): boolean {
  try {
    return loadPackage() !== null;
  } catch {
    return false;
  }
}

const OS_LOCKING_OK = 2;

/** Loads a module's shared library and initialises it for several threads. @throws KEY_UNSUPPORTED without pkcs11js; CONFIG_INVALID */
export function loadModule(path: string): LoadedModule {
  const { PKCS11, CK_PARAMS_RSA_PSS } = loadPackage();
  const api = new PKCS11();
  try {
    api.load(path);
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The PKCS #11 module ${path} cannot be loaded: check the path and that it is for this machine`, { cause });
  }
  api.C_Initialize({ flags: OS_LOCKING_OK });
  return { api, pssParameterType: CK_PARAMS_RSA_PSS };
}

/** @throws KEY_UNSUPPORTED, with what to do, where pkcs11js is not installed */
export function loadPackage(): Pkcs11Package {
  const require = createRequire(import.meta.url);
  try {
    return require('pkcs11js') as Pkcs11Package;
  } catch (cause) {
    const message = 'Keys in PKCS #11 devices need the package pkcs11js, which was not built here: install a C++ compiler and Node.js headers and run npm ci again (npm_config_nodedir=/usr uses installed headers)';
    throw new GatewayError('KEY_UNSUPPORTED', message, { cause });
  }
}
