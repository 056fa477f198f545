# ---
# title: A tiny chapter
# minutes: 12
# prerequisites: None; it is here to try the tools on.
# objectives:
#   - draw a line of two points
#   - snap a pitch to a scale
# ---

# %% [markdown] minutes=4 objectives="1 2"
# ## How does a line look?
#
# A line needs **two** points: $y = a x$ with the slope $a$, see [the manual](manual.md).
#
# | symbol | meaning |
# | --- | --- |
# | `a` | slope |

# %%
import matplotlib.pyplot as plt
import numpy as np

x = np.array([0.0, 1.0])
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot(x, 2 * x)
axes.set(xlabel="x (no unit)", ylabel="y (no unit)")
im.plots.show(figure, alt=f"A straight line that rises from {x[0]:.0f} to {2 * x[1]:.0f}.")

# %% [markdown] tags=["instructor"]
# **Pitfall.** Learners forget the units.

# %% [markdown] minutes=1
# ## Summary
#
# Two points make a line.

# %% [markdown] minutes=1
# ## What goes wrong in practice
#
# - One point.

# %% [markdown] minutes=4
# ## Exercises


# %% exercise="ch98.snap" points=2 objective=2
def snap(pitch, scale):
    """The note of the scale that is nearest to a pitch."""
    ### BEGIN SOLUTION
    distances = [abs(pitch - note) for note in scale]
    return scale[distances.index(min(distances))]
    ### END SOLUTION


# %% hidden="ch98.snap"
assert snap(100, (10, 20)) == 20


# %% exercise="ch98.slope" objective=1
def slope(x, y):
    ### BEGIN SOLUTION
    return (y[1] - y[0]) / (x[1] - x[0])
    ### END SOLUTION


# %% [markdown] minutes=1
# ## Quiz

# %%
im.exercises.quiz("ch98")

# %% [markdown] minutes=1
# ## References
#
# - A. Author (2019). A paper. Journal 1(2). DOI 10.1000/182.
# - B. Author (1998). A book. Some Press, Paris.
