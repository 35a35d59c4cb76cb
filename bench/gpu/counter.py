"""Reads NVML's energy counter every 20 ms, apart from Fulcrum: a line of seconds since the epoch and mJ for each GPU. Argument: file."""
import ctypes, sys, time
nvml = ctypes.CDLL('libnvidia-ml.so.1')
assert nvml.nvmlInit_v2() == 0
count = ctypes.c_uint()
assert nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0
handles = []
for i in range(count.value):
    handle = ctypes.c_void_p()
    assert nvml.nvmlDeviceGetHandleByIndex_v2(i, ctypes.byref(handle)) == 0
    handles.append(handle)
with open(sys.argv[1], 'w', buffering=1) as out:
    while True:
        values = []
        for handle in handles:
            energy = ctypes.c_ulonglong()
            assert nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(energy)) == 0
            values.append(str(energy.value))
        out.write('%.6f,%s\n' % (time.time(), ','.join(values)))
        time.sleep(0.02)
