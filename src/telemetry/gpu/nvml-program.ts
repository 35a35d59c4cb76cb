/**
 * Names the processes that do not belong to the deployment. A process belongs to it if the process, the leader of its
 * group or one of its ancestors has the mark in its environment: processes that set their own title, such as vLLM's
 * engine process, overwrite their environment.
 */
export const ownership = `
def parents(pid):
    """Its group's leader and its parent; none where it is gone."""
    try:
        with open('/proc/%d/stat' % pid) as file:
            words = file.read().rpartition(')')[2].split()
        return int(words[2]), int(words[1])
    except (OSError, IndexError, ValueError):
        return 0, 0
def marked(pid):
    try:
        with open('/proc/%d/environ' % pid, 'rb') as file:
            return mark in file.read()
    except OSError:
        return None
names = {}
def stranger(pid):
    """Its name when it is certainly not of this deployment; else None."""
    if pid in names:
        return names[pid]
    at, ours, first = pid, False, marked(pid)
    for _ in range(64):
        if at <= 1 or ours or first is None:
            break
        leader, parent = parents(at)
        ours = bool(marked(at) or (leader > 1 and marked(leader)))
        at = parent
    found = None
    if not ours and first is not None:
        try:
            with open('/proc/%d/comm' % pid) as file:
                found = '%s (%d)' % (file.read().strip(), pid)
        except OSError:
            pass
    names[pid] = found
    return found
`

/**
 * Continues counters that are 32 bits wide and start over at 4 GiB: those of PCIe do. A step of more than half a turn
 * could be several turns, so the counter says nothing from then on.
 */
export const continued = `
counted = {}
def total(gpu, id, value):
    if value >= 2 ** 32:
        return value
    before, sum = counted.get((gpu, id), (value, value))
    grown = (value - before) % 2 ** 32
    sum = None if sum is None or grown >= 2 ** 31 else sum + grown
    counted[gpu, id] = value, sum
    return sum
`

/**
 * Reads NVML (libnvidia-ml.so.1, part of the driver) through ctypes, so it needs only Python's standard library. With
 * the argument `check`, its exit code says whether that works. Otherwise it prints a JSON line for all GPUs at an
 * interval (first argument, seconds), and in between lines with only the energy counters, because they determine how
 * precise the energy of a window is. Reading a counter takes microseconds. It ends when its output is closed. Field ids
 * (nvml.h): 186 power now, mW; 197 and 198 PCIe bytes; 138 and 139 NVLink KiB of all links.
 */
export const nvmlProgram = `
import ctypes as c, json, os, sys, time
try:
    nv = c.CDLL('libnvidia-ml.so.1')
except OSError:
    sys.exit(3)
if nv.nvmlInit_v2() != 0:
    sys.exit(4)
count = c.c_uint()
if nv.nvmlDeviceGetCount_v2(c.byref(count)) != 0 or count.value == 0:
    sys.exit(5)
if sys.argv[1] == 'check':
    sys.exit(0)
every = float(sys.argv[1])
mark = sys.argv[2].encode() if len(sys.argv) > 2 else b''
class Utilization(c.Structure):
    _fields_ = [('gpu', c.c_uint), ('memory', c.c_uint)]
class Memory(c.Structure):
    _fields_ = [('total', c.c_ulonglong), ('free', c.c_ulonglong), ('used', c.c_ulonglong)]
class Field(c.Structure):
    _fields_ = [('id', c.c_uint), ('scope', c.c_uint), ('at', c.c_longlong), ('latency', c.c_longlong),
                ('type', c.c_uint), ('result', c.c_uint), ('value', c.c_ulonglong)]
class Process(c.Structure):
    _fields_ = [('pid', c.c_uint), ('memory', c.c_ulonglong), ('gi', c.c_uint), ('ci', c.c_uint)]
def get(name, kind, gpu, *args):
    try:
        into = kind()
        return into if getattr(nv, name)(gpu, *args, c.byref(into)) == 0 else None
    except AttributeError:
        return None
def number(name, kind, gpu, *args):
    into = get(name, kind, gpu, *args)
    return None if into is None else into.value
def text(name, gpu):
    into = c.create_string_buffer(96)
    return into.value.decode('utf8', 'replace') if getattr(nv, name)(gpu, into, 96) == 0 else None
def fields(gpu, ids):
    all = (Field * len(ids))()
    for one, (id, scope) in zip(all, ids):
        one.id, one.scope, one.result = id, scope, 1
    try:
        if nv.nvmlDeviceGetFieldValues(gpu, len(ids), all) != 0:
            return {}
    except AttributeError:
        return {}
    return {one.id: (one.value & 0xffffffff if one.type == 1 else one.value)
            for one in all if one.result == 0 and one.type in (1, 2, 3)}
def processes(gpu):
    size = c.c_uint(64)
    into = (Process * 64)()
    try:
        if nv.nvmlDeviceGetComputeRunningProcesses_v3(gpu, c.byref(size), into) != 0:
            return None
    except AttributeError:
        return None
    return [into[i].pid for i in range(min(size.value, 64))]
${ownership}${continued}gpus = []
for i in range(count.value):
    gpu = c.c_void_p()
    if nv.nvmlDeviceGetHandleByIndex_v2(i, c.byref(gpu)) != 0:
        continue
    mode, pending = c.c_uint(), c.c_uint()
    mig = nv.nvmlDeviceGetMigMode(gpu, c.byref(mode), c.byref(pending)) == 0 and mode.value == 1
    gpus.append((i, gpu, text('nvmlDeviceGetUUID', gpu), text('nvmlDeviceGetName', gpu), mig))
def whole(i, gpu, uuid, name, mig):
    field = fields(gpu, [(186, 0), (197, 0), (198, 0), (138, 0xffffffff), (139, 0xffffffff)])
    use = get('nvmlDeviceGetUtilizationRates', Utilization, gpu)
    memory = get('nvmlDeviceGetMemoryInfo', Memory, gpu)
    both = lambda a, b, factor: (field[a] + field[b]) * factor if a in field and b in field else None
    pcie = [total(i, id, field[id]) for id in (197, 198) if id in field]
    pids = processes(gpu) if mark else None
    return {'index': i, 'uuid': uuid, 'name': name, 'mig': mig,
        'energy': number('nvmlDeviceGetTotalEnergyConsumption', c.c_ulonglong, gpu),
        'power': field.get(186, number('nvmlDeviceGetPowerUsage', c.c_uint, gpu)),
        'limit': number('nvmlDeviceGetEnforcedPowerLimit', c.c_uint, gpu),
        'busy': None if use is None else use.gpu,
        'used': None if memory is None else memory.used, 'total': None if memory is None else memory.total,
        'clock': number('nvmlDeviceGetClockInfo', c.c_uint, gpu, 1),
        'temperature': number('nvmlDeviceGetTemperature', c.c_uint, gpu, 0),
        'reasons': number('nvmlDeviceGetCurrentClocksThrottleReasons', c.c_ulonglong, gpu),
        'pcie': sum(pcie) if len(pcie) == 2 and None not in pcie else None, 'nvlink': both(138, 139, 1024),
        'strangers': None if pids is None else [found for found in map(stranger, pids) if found]}
def energies():
    return [{'uuid': uuid, 'energy': number('nvmlDeviceGetTotalEnergyConsumption', c.c_ulonglong, gpu)}
            for _, gpu, uuid, _, _ in gpus]
def say(**what):
    print(json.dumps(what, separators=(',', ':')), flush=True)
parts = max(1, round(every / 0.1))
turn = 0
due = time.monotonic()
try:
    while True:
        at = time.time()
        if turn % parts == 0:
            say(at=at, gpus=[whole(*gpu) for gpu in gpus])
        else:
            say(at=at, energies=energies())
        turn += 1
        due += every / parts
        left = due - time.monotonic()
        if left < 0:
            due = time.monotonic()
        else:
            time.sleep(left)
except (BrokenPipeError, KeyboardInterrupt):
    os._exit(0)
`.trim()
