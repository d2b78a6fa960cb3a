"""Known bugs, planted one at a time: does the net catch them? (RELIABILITY §1 K, F41)"""
