"""Files of leads as tables: CSV in many dialects, and spreadsheets. No database, no meaning of columns."""
