"""Work that waits its turn: the queue (RQ on Valkey or Redis), its handlers, the worker and the schedule."""
