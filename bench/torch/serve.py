"""An engine of the benchmark in PyTorch: a job on a line of standard input, then a line for each step, answered by JSON."""
import json
import sys
import time
import traceback


def say(answer):
    print(json.dumps(answer), flush=True)


def answer_steps(make, facts_of):
    step = make(json.loads(sys.stdin.readline()))
    loss = step.run()
    say({"kind": "ready", "loss": loss, "facts": facts_of(step)})
    while sys.stdin.readline():
        wall, cpu = time.perf_counter(), time.process_time()
        loss = step.run()
        milliseconds = [1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)]
        say({"kind": "step", "ms": milliseconds[0], "cpuMs": milliseconds[1], "loss": loss})


def serve(make, facts_of=lambda step: {}):
    """`make` takes the job and gives what has `run`: one step, whose loss it returns."""
    try:
        answer_steps(make, facts_of)
    except Exception as error:
        say({"kind": "failed", "reason": f"{type(error).__name__}: {error}\n{traceback.format_exc()}"})
