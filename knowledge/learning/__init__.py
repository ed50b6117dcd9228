"""What residents asked and the assistant missed: kept masked, shown in groups, taught or set aside by the staff."""
