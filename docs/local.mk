# SPDX-License-Identifier: MIT
# The man pages, installed, and what is read in the source tree.
