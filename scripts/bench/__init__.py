"""Speed, always beside a limit measured in the same run: `python -m scripts.bench`. Only the ratios count."""
