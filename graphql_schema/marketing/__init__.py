"""Marketing online in the schema: codes and scans, hiring a guide with shop and code, the toolbox."""
