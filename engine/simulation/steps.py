"""The simulated market's clock: bars of five minutes, each walked in steps of fifteen seconds."""

from engine.windows import DAY_S

STEPS_PER_BAR = 20
STEP_S = 15
BAR_S = STEPS_PER_BAR * STEP_S
BARS_PER_DAY = DAY_S // BAR_S
STEPS_PER_DAY = DAY_S // STEP_S
